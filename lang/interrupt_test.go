package lang

import (
	"context"
	"testing"
	"testing/fstest"
)

// TestInterrupt cancels while an expression is evaluated, and counts what is still looked at.
func TestInterrupt(t *testing.T) {
	for src, want := range map[string]int{
		`x = [env("A"), env("STOP"), env("B"), sort([env("C")])]`:                              2,
		`x = [for a in range(1000) : [for b in range(1000) : env(a + b == 5 ? "STOP" : "A")]]`: 6,
		`x = [can(env("STOP")), can(env("A"))]`:                                                1,
		"x = env(\"STOP\")\ny = env(\"A\")\nz = [local.x, local.y]":                            1,
	} {
		ctx, cancel := context.WithCancel(t.Context())
		looked := 0
		p, _, diags := Load(ctx, ".", Options{
			Kinds: testKinds(), FS: fstest.MapFS{"main.prefab.hcl": {Data: []byte("locals {\n" + src + "\n}\noutput \"o\" {\n  value = local.x\n}\n")}},
			Environ: func(name string) (string, bool) {
				looked++
				if name == "STOP" {
					cancel()
				}
				return "v", true
			},
		})
		if p != nil || len(diags) != 1 || diags[0].Code != "interrupted" {
			t.Errorf("%s: %v, %v", src, p, diags)
		}
		if looked != want {
			t.Errorf("%s: the environment was looked at %d times, want %d", src, looked, want)
		}
	}
}
