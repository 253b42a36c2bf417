package main

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// bazelRemote is the cache server that Bazel's users run: the program that PREFAB_BAZEL_REMOTE names, or the one in PATH.
// It is empty when there is neither.
func bazelRemote() string {
	if named := os.Getenv("PREFAB_BAZEL_REMOTE"); named != "" {
		return named
	}
	program, _ := exec.LookPath("bazel-remote")
	return program
}

// bazel VARIABLE FOLDER [ARG...] starts bazel-remote over a folder and puts its address into the variable.
func bazel(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: bazel VARIABLE FOLDER [ARG...]")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	address := free.Addr().String()
	ts.Check(free.Close())

	server := exec.Command(bazelRemote(), append([]string{ //nolint:gosec // A program that the tests are told of.
		"--dir", ts.MkAbs(args[1]), "--max_size", "1", "--storage_mode", "uncompressed",
		"--http_address", address, "--grpc_address", "none",
	}, args[2:]...)...)
	ts.Check(server.Start())
	ts.Defer(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if res, err := http.Get("http://" + address + "/status"); err == nil {
			res.Body.Close()
			break
		} else if time.Now().After(deadline) {
			ts.Fatalf("bazel-remote does not answer: %v", err)
		}
	}
	ts.Setenv(args[0], "http://"+address)
}
