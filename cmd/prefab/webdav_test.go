package main

import (
	"net/http/httptest"
	"os"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/net/webdav"
)

// serveFolder VARIABLE FOLDER serves a folder by WebDAV, which has the GET, HEAD and PUT of a remote cache, and puts the
// server's address into the variable.
func serveFolder(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: serve VARIABLE FOLDER")
	}
	for _, space := range []string{"ac", "cas"} {
		ts.Check(os.MkdirAll(ts.MkAbs(args[1]+"/"+space), 0o755))
	}
	s := httptest.NewServer(&webdav.Handler{FileSystem: webdav.Dir(ts.MkAbs(args[1])), LockSystem: webdav.NewMemLS()})
	ts.Defer(s.Close)
	ts.Setenv(args[0], s.URL)
}
