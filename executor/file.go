package executor

import (
	"os"
	"path/filepath"
	"runtime"
)

const tempPrefix = ".tmp-"

// WriteFile replaces path as one act: a reader, and a crash at any moment,
// finds the old content or the new. Errors are of the file system.
func WriteFile(path string, b []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), tempPrefix+"*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // of no effect after the rename
	if err := fill(f, b, mode); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// replaceFile is writeFile for what need not survive a crash, only never be
// seen in half.
func replaceFile(path string, b []byte) {
	temp := path + ".new"
	if os.WriteFile(temp, b, 0o600) != nil || os.Rename(temp, path) != nil {
		os.Remove(temp)
	}
}

func fill(f *os.File, b []byte, mode os.FileMode) error {
	_, err := f.Write(b)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// syncDir makes names in dir durable. Windows cannot, and need not.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
