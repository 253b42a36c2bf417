//go:build !(cgo && linux && (amd64 || arm64))

package backends

import "runtime"

// xlaMissing says why this program cannot load plugins; the library that loads them does not build otherwise.
func xlaMissing() string {
	if runtime.GOOS == "linux" && (runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64") {
		return "this program was built without cgo, which loading a plugin takes"
	}
	return "plugins are loaded on Linux on amd64 and arm64 only, and this is " + runtime.GOOS + "/" + runtime.GOARCH
}

// openPlugin is not reached: findPlugin reports xlaMissing before.
func openPlugin(p Plugin) (*Device, error) {
	return nil, &Unavailable{Name: p.Name, Why: xlaMissing(), Remedy: rebuild}
}
