// Package examples holds runnable pipelines, one in each folder; the tests run them. It gives away the text of the
// quickstart, which `prefab init` starts a project with, and nothing else.
package examples

import _ "embed" // the quickstart

// Quickstart is a spec that needs no file: it generates its data.
//
//go:embed quickstart/main.prefab.hcl
var Quickstart string
