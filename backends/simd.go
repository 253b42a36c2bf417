//go:build goexperiment.simd && amd64

package backends

// simdBuild says that matrix products use vector instructions, which round differently.
const simdBuild = true
