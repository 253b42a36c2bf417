//go:build !unix

package main

import "github.com/rogpeppe/go-internal/testscript"

// processCommands is empty where there are no signals; the scripts that need them say [unix].
var processCommands map[string]func(*testscript.TestScript, bool, []string)

// processPrograms is empty, too.
var processPrograms map[string]func()
