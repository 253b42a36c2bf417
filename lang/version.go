package lang

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// checkVersion reports a pipeline that another version of prefab is needed for.
func (l *loader) checkVersion(b *body) {
	a := b.get("required_version")
	if a == nil {
		return
	}
	v, ok := l.eval(a.expr, &scope{})
	if !ok || v.IsNull() {
		return
	}
	demand, err := asText(v)
	if err != nil || demand.IsMarked() {
		return // reported when the block was decoded
	}
	fits, err := versionFits(l.opts.Version, demand.AsString())
	switch {
	case err != nil:
		l.errorf(a.expr.rng(), "invalid-version", "Invalid version constraint", "%v. Write it as in \">= 0.1, < 1\".", err)
	case !fits:
		l.errorf(a.expr.rng(), "unfit-version", "Unfit version of prefab",
			"This pipeline needs prefab %s, and this is %s. Install a version that fits, or change required_version.", demand.AsString(), l.opts.Version)
	}
}

// versionFits reports whether a version meets all of the comma-separated demands: an operator (=, !=, <, <=, >, >=, ~>)
// and a version of one to three numbers. ~> lets only the last number written grow. A pre-release counts as its
// release; an empty version, as of a development build, fits.
func versionFits(version, demands string) (bool, error) {
	have, _, err := parseVersion(version)
	unknown := version == "" || err != nil
	fits := true
	for d := range strings.SplitSeq(demands, ",") {
		d = strings.TrimSpace(d)
		op := strings.TrimSpace(d[:len(d)-len(strings.TrimLeft(d, "=!<>~"))])
		want, parts, err := parseVersion(strings.TrimSpace(strings.TrimLeft(d, "=!<>~")))
		if err != nil {
			return false, err
		}
		c := compareVersions(have, want)
		var ok bool
		switch op {
		case "", "=":
			ok = c == 0
		case "!=":
			ok = c != 0
		case "<":
			ok = c < 0
		case "<=":
			ok = c <= 0
		case ">":
			ok = c > 0
		case ">=":
			ok = c >= 0
		case "~>":
			next := want
			if parts < 2 {
				parts = 2
			}
			next[parts-2]++
			for i := parts - 1; i < len(next); i++ {
				next[i] = 0
			}
			ok = c >= 0 && compareVersions(have, next) < 0
		default:
			return false, fmt.Errorf("%q is no comparison of versions", op)
		}
		fits = fits && ok
	}
	return fits || unknown, nil
}

func compareVersions(a, b [3]int) int {
	return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]), cmp.Compare(a[2], b[2]))
}

// parseVersion reads 1, 1.2 or 1.2.3, with or without a v before it and a pre-release behind it, and returns how many
// numbers were written.
func parseVersion(s string) (v [3]int, parts int, err error) {
	core, _, _ := strings.Cut(strings.TrimPrefix(s, "v"), "-")
	core, _, _ = strings.Cut(core, "+")
	fields := strings.Split(core, ".")
	if len(fields) > len(v) {
		return v, 0, fmt.Errorf("%q is no version", s)
	}
	for i, f := range fields {
		n, err := strconv.ParseUint(f, 10, 31)
		if err != nil {
			return v, 0, fmt.Errorf("%q is no version", s)
		}
		v[i] = int(n)
	}
	return v, len(fields), nil
}
