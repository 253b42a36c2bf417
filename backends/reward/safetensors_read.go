package reward

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"
)

// maxHeader is the largest header that the format's reference reader accepts.
const maxHeader = 100_000_000

// DecodeTensors reads a safetensors file strictly: a header that is not one
// JSON object in UTF-8, a name or field given twice, an unknown field or type, a
// size that does not follow from type and shape, and tensors that overlap or
// leave bytes unclaimed are errors. Tensors come in order of their place in the
// file; their Data are parts of data, not copies. It allocates in proportion to
// len(data) whatever the header claims.
func DecodeTensors(data []byte) (TensorFile, error) {
	var f TensorFile
	if len(data) < 8 {
		return f, fmt.Errorf("a tensor file of %d bytes is too short to have a header", len(data))
	}
	size := binary.LittleEndian.Uint64(data)
	if size > maxHeader || size > uint64(len(data)-8) {
		return f, fmt.Errorf("the tensor file claims a header of %d bytes but has %d: it is cut short or no safetensors file", size, len(data)-8)
	}
	header, body := data[8:8+size], data[8+size:]
	if len(header) == 0 || header[0] != '{' || !utf8.Valid(header) {
		return f, errors.New("the tensor file's header is not a JSON object in UTF-8")
	}
	spans, err := f.readHeader(header)
	if err != nil {
		return TensorFile{}, fmt.Errorf("the tensor file's header: %w", err)
	}
	if err := f.place(spans, body); err != nil {
		return TensorFile{}, err
	}
	return f, nil
}

// span is where a tensor says that its bytes lie.
type span struct{ begin, end uint64 }

// readHeader fills in the names, types and shapes and returns each tensor's
// span.
func (f *TensorFile) readHeader(header []byte) ([]span, error) {
	dec := json.NewDecoder(bytes.NewReader(header))
	var spans []span
	err := readObject(dec, func(key string) error {
		if key == metadataKey {
			f.Metadata = map[string]string{}
			return readObject(dec, func(k string) error {
				var v *string
				if err := dec.Decode(&v); err != nil || v == nil {
					return fmt.Errorf("metadata %q is not a string", k)
				}
				f.Metadata[k] = *v
				return nil
			})
		}
		t, s, err := readEntry(dec, key)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", key, err)
		}
		f.Tensors, spans = append(f.Tensors, t), append(spans, s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if rest := header[dec.InputOffset():]; len(bytes.TrimRight(rest, " ")) > 0 {
		return nil, errors.New("more text follows the JSON object")
	}
	return spans, nil
}

func readEntry(dec *json.Decoder, name string) (Tensor, span, error) {
	t := Tensor{Name: name}
	var offsets []uint64
	fields := 0
	err := readObject(dec, func(key string) error {
		fields++
		switch key {
		case "dtype":
			return dec.Decode(&t.DType)
		case "shape":
			return dec.Decode(&t.Shape)
		case "data_offsets":
			return dec.Decode(&offsets)
		}
		return fmt.Errorf("unknown field %q", key)
	})
	switch {
	case err != nil:
		return t, span{}, err
	case fields != 3 || t.Shape == nil || len(offsets) != 2:
		return t, span{}, errors.New("needs dtype, shape and data_offsets with two numbers")
	case t.DType.Size() == 0:
		return t, span{}, fmt.Errorf("unknown element type %q", t.DType)
	case offsets[0] > offsets[1]:
		return t, span{}, errors.New("ends before it begins")
	}
	if n, ok := byteLength(t.DType, t.Shape); !ok || uint64(n) != offsets[1]-offsets[0] {
		return t, span{}, fmt.Errorf("%d bytes do not make shape %v of type %s", offsets[1]-offsets[0], t.Shape, t.DType)
	}
	return t, span{offsets[0], offsets[1]}, nil
}

// place checks that the spans tile the body and gives each tensor its bytes.
func (f *TensorFile) place(spans []span, body []byte) error {
	order := make([]int, len(spans))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool {
		x, y := order[a], order[b]
		if spans[x] != spans[y] {
			return spans[x].begin < spans[y].begin || spans[x].begin == spans[y].begin && spans[x].end < spans[y].end
		}
		return f.Tensors[x].Name < f.Tensors[y].Name
	})
	var at uint64
	placed := make([]Tensor, 0, len(spans))
	for _, i := range order {
		t, s := f.Tensors[i], spans[i]
		if s.begin != at || s.end > uint64(len(body)) {
			return fmt.Errorf("tensor %q lies at bytes %d to %d, where bytes from %d on of %d are free: the file is damaged", t.Name, s.begin, s.end, at, len(body))
		}
		t.Data = body[s.begin:s.end:s.end]
		placed, at = append(placed, t), s.end
	}
	if at != uint64(len(body)) {
		return fmt.Errorf("%d bytes after the last tensor belong to none: the file is damaged", uint64(len(body))-at)
	}
	f.Tensors = placed
	return nil
}

// readObject calls value for each key of the next JSON object, with the decoder
// standing before the key's value. The standard decoder would let the last of
// two equal keys win; here they are an error.
func readObject(dec *json.Decoder, value func(key string) error) error {
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	if tok != json.Delim('{') {
		return fmt.Errorf("expected a JSON object, found %v", tok)
	}
	seen := map[string]bool{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return err
		}
		key, ok := tok.(string)
		if !ok || seen[key] {
			return fmt.Errorf("key %s is given twice", strings.ToValidUTF8(fmt.Sprintf("%q", tok), "?"))
		}
		seen[key] = true
		if err := value(key); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}
