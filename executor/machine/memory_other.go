//go:build !linux && !darwin && !windows

package machine

func physical() int64 { return 0 }
