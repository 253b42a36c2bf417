package machine

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

var globalMemoryStatus = windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalMemoryStatusEx")

func physical() int64 {
	// MEMORYSTATUSEX of the Windows API.
	var status struct {
		length, load                                            uint32
		total, free, totalPage, freePage, totalVirtual, freeVir uint64
		extended                                                uint64
	}
	status.length = uint32(unsafe.Sizeof(status))
	if ok, _, _ := globalMemoryStatus.Call(uintptr(unsafe.Pointer(&status))); ok == 0 {
		return 0
	}
	return int64(status.total)
}
