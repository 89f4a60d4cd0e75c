package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mxmove/mxmove/config/text"
	"github.com/mxmove/mxmove/executor"
	"github.com/mxmove/mxmove/planner"
)

// writeOwn keeps a file to its owner: it names people. See writeFile.
func writeOwn(name string, b []byte) error { return writeFile(name, b, 0o600) }

// writeFile replaces a file as one act: who dies meanwhile, and who finds the
// disk full, leaves the former content. A file that exists keeps its mode, and
// a link stays a link; what is no file, such as a pipe, is written to.
func writeFile(name string, b []byte, mode fs.FileMode) error {
	real, err := filepath.EvalSymlinks(name)
	if errors.Is(err, fs.ErrNotExist) {
		real, err = name, nil
	}
	if err != nil {
		return fileFault(name, err)
	}
	switch info, err := os.Stat(real); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fileFault(name, err)
	case !info.Mode().IsRegular():
		if err := os.WriteFile(real, b, mode); err != nil {
			return fileFault(name, err)
		}
		return nil
	default:
		mode = info.Mode().Perm()
	}
	if err := executor.WriteFile(real, b, mode); err != nil {
		return fileFault(name, err)
	}
	return nil
}

// create makes a file that only its owner reads, since passwords may come into
// it; one that exists stays.
func create(name string, b []byte) (made bool, err error) {
	switch _, err := os.Lstat(name); {
	case err == nil:
		return false, nil
	case !errors.Is(err, fs.ErrNotExist):
		return false, fileFault(name, err)
	}
	return true, writeFile(name, b, 0o600)
}

// fileFault names the file that a person named, not one that only this program
// knows.
func fileFault(name string, err error) error {
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		err = at.Err
	} else if at := (*os.LinkError)(nil); errors.As(err, &at) {
		err = at.Err
	}
	return &planner.Fault{Msg: text.M("cmd.file", "file", name, "error", err.Error()), Class: planner.Internal}
}
