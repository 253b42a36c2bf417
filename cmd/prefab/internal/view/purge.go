package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prefab-build/prefab/executor/gc"
	"github.com/prefab-build/prefab/spec"
)

// A Purge is the removal of a row from a cache: what is to go, then what went.
type Purge struct {
	Dataset spec.Addr   `json:"dataset"`
	Row     string      `json:"row"`
	Project string      `json:"project"`
	Cache   string      `json:"cache"`
	Texts   int         `json:"texts"` // how many texts only this row has
	Entries int         `json:"entries"`
	Blobs   int         `json:"blobs"`
	Bytes   int64       `json:"bytes"`             // of their files
	Results []gc.Result `json:"results"`           // that projects need, and that the next apply makes again
	Kept    []gc.Result `json:"kept,omitempty"`    // runs that are kept, by name, and lose results
	Files   []string    `json:"files,omitempty"`   // exported files that hold the row
	Still   []Place     `json:"still,omitempty"`   // where the source has it
	Local   *gc.Purged  `json:"removed,omitempty"` // from this cache
	Shared  *gc.Purged  `json:"shared,omitempty"`  // from the remote cache
	Remote  string      `json:"remote,omitempty"`  // a remote cache that nothing can be removed from
	History string      `json:"history,omitempty"` // the run history, when it quotes the row
}

// InUse returns how many things stay since a running process uses them.
func (p *Purge) InUse() (n int) {
	for _, x := range []*gc.Purged{p.Local, p.Shared} {
		if x != nil {
			n += x.InUse
		}
	}
	return n
}

func (p *Purge) project(dir string) string {
	if dir == p.Project {
		return "this project"
	}
	return dir
}

// PlaceList names places in a sentence.
func (v *View) PlaceList(list []Place) string {
	var names []string
	for _, p := range list {
		names = append(names, v.placeText(p))
	}
	return strings.Join(names, ", ")
}

// PurgePlan says what would be removed.
func (v *View) PurgePlan(p Purge) {
	v.purgeHead(p, fmt.Sprintf("would remove %s and %s, %s from the cache", entriesText(p.Entries), count(p.Blobs, "blob"), bytesText(p.Bytes)))
	v.purgeList(p)
}

// Purged says what was removed, and what is left to do.
func (v *View) Purged(p Purge) {
	if v.opts.JSON {
		v.printJSON(p)
		return
	}
	v.purgeHead(p, removed(p.Local)+" of the cache")
	if p.Shared != nil {
		v.purgeLine(removed(p.Shared) + " of the remote cache")
	}
	v.purgeList(p)
	switch {
	case p.InUse() > 0:
		v.Warning(fmt.Sprintf("%s in use by a running process, and hold the row still: purge again when it has ended.", are(p.InUse(), "file")))
	case p.Local.Others:
		v.Warning("Another process is at work in the cache: what it makes of the row meanwhile is not found. If it may, purge again when it has ended.")
	}
	if p.Remote != "" {
		v.Warning(fmt.Sprintf("The remote cache %s may have the row still: nothing can be removed from it here. Ask those who run it.", p.Remote))
	}
	if p.History != "" {
		v.Warning(fmt.Sprintf("The run history %s quotes a text of the row. Delete it when that must not stay; reasons and estimates begin anew.", p.History))
	}
	if len(p.Still) > 0 {
		v.Warning(fmt.Sprintf("%s still has the row: the next apply reads it again.", v.PlaceList(p.Still)))
	}
}

func removed(p *gc.Purged) string {
	return fmt.Sprintf("removed %s and %s, %s", entriesText(p.Entries), count(p.Blobs, "blob"), bytesText(p.Freed))
}

func are(n int, thing string) string {
	if n == 1 {
		return "1 " + thing + " is"
	}
	return count(n, thing) + " are"
}

func (v *View) purgeHead(p Purge, what string) {
	fmt.Fprintln(v.out, v.styles.bold.Render(fmt.Sprintf("row %s of %s", p.Row[:shortID], p.Dataset)))
	v.purgeLine(what)
	if p.Texts == 0 {
		v.purgeLine("It has no text of its own that is long enough to look for: what is known to hold it goes.")
	}
}

func (v *View) purgeLine(text string) { fmt.Fprintln(v.out, "  "+v.wrap(text, 4)) }

func (v *View) purgeList(p Purge) {
	if len(p.Results) > 0 {
		fmt.Fprintln(v.out, "\nTo be made again, by the next apply")
	}
	for i, r := range p.Results {
		if i == 0 || p.Results[i-1].Project != r.Project {
			fmt.Fprintf(v.out, "  of %s\n", p.project(r.Project))
		}
		fmt.Fprintf(v.out, "    %s\n", r.Addr)
	}
	if slices.ContainsFunc(p.Results, func(r gc.Result) bool { return r.Project != p.Project }) {
		fmt.Fprintln(v.out, "What other projects exported is not looked at.")
	}
	if len(p.Kept) > 0 {
		fmt.Fprintln(v.out, "\nRuns that are kept and lose results")
	}
	for _, r := range p.Kept {
		fmt.Fprintf(v.out, "  %s of %s\n", r.Addr, p.project(r.Project))
	}
	if len(p.Files) > 0 {
		fmt.Fprintln(v.out, "\nExported files that hold the row: apply writes them again, or delete them")
	}
	for _, f := range p.Files {
		fmt.Fprintf(v.out, "  %s\n", v.Path(f))
	}
}
