package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/cmd/prefab/internal/scaffold"
	"github.com/prefab-build/prefab/examples"
	"github.com/prefab-build/prefab/executor/disk"
	"github.com/prefab-build/prefab/lang"
)

// specName is the file that init writes.
const specName = "main.prefab.hcl"

func (a *app) initCommand() *cobra.Command {
	var from string
	var force bool
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a first spec: for data of yours, or for generated data",
		Long: "Write a first spec, " + specName + ". With --from it looks at the first records of a file, or of the files of a folder " +
			"(JSONL, JSON, CSV, TSV, Parquet, HH-RLHF; plain, gzip or zstd), and guesses which field is what. Without it the spec is the " +
			"quickstart, which generates its data.\n\nNothing is overwritten unless --force is given.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.init(from, force) },
	}
	c.Flags().StringVar(&from, "from", "", "the data to write a spec for: a file or a folder")
	c.Flags().BoolVar(&force, "force", false, "overwrite "+specName)
	return c
}

func (a *app) init(from string, force bool) error {
	if err := a.free(force); err != nil {
		return err
	}
	s := &scaffold.Spec{Text: []byte(examples.Quickstart)}
	if from != "" {
		var err error
		if s, err = scaffold.From(from, a.dir); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(a.dir, 0o755); err != nil {
		return err
	}
	path := filepath.Join(a.dir, specName)
	if err := disk.Replace(path, bytes.NewReader(lang.Format(s.Text)), 0o644); err != nil {
		return err
	}
	a.view.Scaffold(path, s)
	return nil
}

// free refuses to write where there is a spec.
func (a *app) free(force bool) error {
	specs, err := filepath.Glob(filepath.Join(a.dir, "*.prefab.hcl*"))
	if err != nil {
		return err
	}
	for _, path := range specs {
		if filepath.Base(path) != specName {
			return fmt.Errorf("the folder has a spec, %s, and all spec files of a folder are one pipeline: choose another folder with -C", path)
		}
		if !force {
			return fmt.Errorf("%s exists: choose another folder with -C, or overwrite it with --force", path)
		}
	}
	return nil
}
