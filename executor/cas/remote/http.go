package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/prefab-build/prefab/executor/cas"
	"github.com/prefab-build/prefab/spec"
)

// An httpStore speaks the protocol that Bazel's remote caches share: GET, HEAD and PUT of cas/DIGEST and ac/DIGEST, with
// the digest in hexadecimal and the content as it is.
type httpStore struct {
	base   *url.URL
	client *http.Client
	token  string // sent as a bearer token; never shown
	stall  time.Duration
}

// dialTimeout is how long a server may take to answer at all. Transfers have no such limit: a model of many gigabytes on a
// slow line is no failure.
const dialTimeout = 5 * time.Second

// OpenHTTP returns the store behind a URL. tokenEnv names a variable of the environment that holds a bearer token; it
// may be empty.
func OpenHTTP(address, tokenEnv string) (Remote, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("%q is no address of a remote cache: write http://host:port or https://host", address)
	}
	s := &httpStore{base: u, stall: stall, client: &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout:   dialTimeout,
		ResponseHeaderTimeout: time.Minute,
		MaxIdleConnsPerHost:   senders,
	}}}
	if tokenEnv != "" {
		if s.token = os.Getenv(tokenEnv); s.token == "" {
			return nil, fmt.Errorf("the variable %s, which is to hold the token of the remote cache, is not set", tokenEnv)
		}
	}
	return s, nil
}

func (s *httpStore) String() string { return s.base.Redacted() }

// do sends one request. The body of the answer, when there is no error, is the caller's to close.
func (s *httpStore) do(ctx context.Context, method, space string, d spec.Digest, size int64, body io.Reader) (*http.Response, error) {
	ctx, p := paced(ctx, s.stall)
	if _, small := body.(*bytes.Reader); body != nil && !small { // net/http can send what is small a second time
		body = &counted{body, ctx, p}
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base.JoinPath(space, d.String()).String(), body)
	if err != nil {
		p.end()
		return nil, err
	}
	if body != nil {
		req.ContentLength = size
		req.Header.Set("Content-Type", "application/octet-stream")
	}
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	res, err := s.client.Do(req)
	if err != nil {
		p.end()
		return nil, err
	}
	res.Body = &answer{counted{res.Body, ctx, p}, res.Body}
	if res.StatusCode/100 == 2 {
		return res, nil
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusNotFound && method != http.MethodPut {
		return nil, cas.ErrNotFound
	}
	text, _ := io.ReadAll(io.LimitReader(res.Body, 200))
	return nil, fmt.Errorf("%s %s/%s: %s %s", method, space, d.Short(), res.Status, strings.TrimSpace(string(text)))
}

// drained closes an answer so that its connection is used again.
func drained(res *http.Response, err error) error {
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16))
	res.Body.Close()
	return err
}

func (s *httpStore) Blob(ctx context.Context, d spec.Digest) (io.ReadCloser, error) {
	res, err := s.do(ctx, http.MethodGet, "cas", d, 0, nil)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

func (s *httpStore) HasBlob(ctx context.Context, d spec.Digest) (bool, error) {
	err := drained(s.do(ctx, http.MethodHead, "cas", d, 0, nil))
	if errors.Is(err, cas.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (s *httpStore) PutBlob(ctx context.Context, d spec.Digest, size int64, content io.Reader) error {
	return drained(s.do(ctx, http.MethodPut, "cas", d, size, content))
}

// maxEntry bounds what is read of an answer that says it is an entry. The largest that a node writes is a few
// kilobytes.
const maxEntry = 64 << 20

func (s *httpStore) Entry(ctx context.Context, base, inputs spec.Digest) ([]byte, error) {
	res, err := s.do(ctx, http.MethodGet, "ac", cas.ActionAddress(base, inputs), 0, nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxEntry))
	if err != nil {
		return nil, err
	}
	return cas.DecodeEntry(b, base, inputs)
}

func (s *httpStore) PutEntry(ctx context.Context, base, inputs spec.Digest, entry []byte) error {
	b := cas.EncodeEntry(base, inputs, entry)
	return drained(s.do(ctx, http.MethodPut, "ac", cas.ActionAddress(base, inputs), int64(len(b)), bytes.NewReader(b)))
}
