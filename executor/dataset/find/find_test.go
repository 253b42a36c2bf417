package find

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// A text is found in whatever form it is written.
func TestForms(t *testing.T) {
	const text = "Zoë asked: \"Where is C:\\new\\table?\"\nI said\tin 東京 🎲."
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := json.Marshal(string(quoted))
	if err != nil {
		t.Fatal(err)
	}
	for name, form := range map[string]string{
		"raw":      text,
		"json":     string(quoted),
		"in json":  string(twice),
		"ascii":    `"Zo\u00eb asked: \"Where is C:\\new\\table?\"\nI said\tin \u6771\u4EAC \ud83c\udfb2."`,
		"in a csv": "1,\"Zoë asked: \"\"Where is C:\\new\\table?\"\"\nI said\tin 東京 🎲.\",x",
		"in bytes": "\x00\xff\x01" + text + "\x00\x00\xfe",
	} {
		if !New(text).Any(Fold(nil, []byte(form))) {
			t.Errorf("%s: not found in %q", name, form)
		}
	}
	for _, other := range []string{"", "Zoë asked: \"Where is C:\\new\\table?\"", base64.StdEncoding.EncodeToString([]byte(text))} {
		if New(text).Any(Fold(nil, []byte(other))) {
			t.Errorf("found in %q", other)
		}
	}
	if New("yes", "no, no, no").Len() != 0 {
		t.Error("short texts are looked for")
	}
}

// Whatever the text, it is found in itself and in itself as JSON.
func TestFindsItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, before := rapid.String().Draw(t, "text"), rapid.String().Draw(t, "before")
		texts := New(text)
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if texts.Len() == 1 && (!texts.All(Fold(nil, []byte(text))) || !texts.All(Fold(nil, append([]byte(before+`":"`), quoted...)))) {
			t.Errorf("%q is not found", text)
		}
	})
}
