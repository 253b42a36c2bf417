package command

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// A process that is killed leaves the folder of its program behind, with rows in it. Each folder has a locked file while
// its owner lives, so that the next command to begin can tell, and removes what nobody owns.
const (
	folderPrefix = "prefab-command-"
	ownerName    = "owner"
	// folderVariable tells the program's processes the folder, by which they are known, see endOrphans.
	folderVariable = reserved + "FOLDER"
	settled        = time.Minute // a file that is younger may be about to be locked
)

// own locks the folder for this process.
func (f *folder) own() (err error) {
	f.owner = flock.New(filepath.Join(f.base, ownerName))
	_, err = f.owner.TryLock()
	return err
}

// sweep removes the folders in dir that were left behind, and ends what is left of their programs. What cannot be removed, as
// another user's, stays. A file in which something stands was locked before: it need not be old to be nobody's.
func sweep(dir string, now time.Time) {
	list, _ := os.ReadDir(dir)
	for _, entry := range list {
		if !strings.HasPrefix(entry.Name(), folderPrefix) {
			continue
		}
		path := filepath.Join(dir, entry.Name(), ownerName)
		info, err := os.Lstat(path)
		if err != nil || !info.Mode().IsRegular() || info.Size() == 0 && now.Sub(info.ModTime()) < settled {
			continue
		}
		lock := flock.New(path)
		if mine, err := lock.TryLock(); err != nil || !mine {
			continue
		}
		f := &folder{base: filepath.Dir(path)}
		f.endOrphans()
		_ = f.remove()
		_ = lock.Unlock()
	}
}
