// Package peers holds the small programs by which other tools are given the work that prefab is measured on. They are
// in Python, since the tools are; none is needed to build, test or use prefab.
package peers

import "embed"

// Files are the programs.
//
//go:embed *.py
var Files embed.FS
