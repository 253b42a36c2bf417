// Package cas keeps what stages made: blobs by the digest of their content, and action entries by the key of the work
// that made them. The executor, the planner's facts and the stages' requests share one store, and so do all projects and
// processes of one user.
//
// A store is a folder:
//
//	v1/cas/ab/abcd…   blobs, raw or compressed; the name is the SHA-256 of the uncompressed bytes
//	v1/ac/ab/abcd…    action entries; the name is SHA-256(base digest, inputs digest)
//	v1/ix/ab/abcd…    per base, the inputs that it has entries for; rebuilt from v1/ac when lost
//	v1/memo           derived facts: two digests to a third
//	v1/locks          one file per lock that is held
//	v1/leases         one file per process that uses the store
//	v1/roots          what projects need to stay
//	v1/tmp, v1/bad    files being written, and files found damaged
//
// Files appear whole under their final name (written in v1/tmp, then renamed or linked), so that a kill at any moment
// leaves only a stray temporary file. Nothing is synced to the disk: after a power cut a file may be torn, and a torn file
// is found on reading, since every reader checks what it reads. Damage is set aside and reported, and is a miss: an
// answer from the store is right or absent.
//
// It refuses to change what is stored: the first entry under a key stays, and another one is reported to the caller.
// It does not know what its entries mean, so what is garbage is worked out elsewhere (package gc); here is how it is
// removed under those who work. It does not make the disks of different machines agree (locks and leases hold between the
// processes of one machine).
package cas
