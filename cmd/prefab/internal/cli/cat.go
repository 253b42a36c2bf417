package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prefab-build/prefab/executor"
	"github.com/prefab-build/prefab/lang"
	"github.com/prefab-build/prefab/spec/expr"
)

type catFlags struct {
	variables
	row, where string
	limit      int
}

func (a *app) catCommand() *cobra.Command {
	var f catFlags
	c := &cobra.Command{
		Use:   "cat ADDR[.PORT]",
		Short: "Print the rows of a stage's output as JSON lines",
		Long: "Print the rows of a stage's output as JSON lines, in source order.\n\n" +
			"--where takes an expression over row, as in --where 'length(row.chosen) > 100 && row.category == \"math\"'.",
		Args: oneArgument,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("limit") && f.limit < 1 {
				return errors.New("--limit: give 1 row or more; without it all are printed")
			}
			return a.cat(cmd, &f, args[0])
		},
	}
	f.register(c.Flags())
	c.Flags().StringVar(&f.row, "row", "", "only the row whose id begins with these digits")
	c.Flags().StringVar(&f.where, "where", "", "only rows for which this `expression` holds")
	c.Flags().IntVar(&f.limit, "limit", 0, "at most `N` rows (default all)")
	return c
}

func (a *app) cat(cmd *cobra.Command, f *catFlags, address string) error {
	i, err := a.inspect(cmd.Context(), &f.variables)
	if err != nil {
		return err
	}
	defer i.history.Close()
	o, err := i.table(address)
	if err != nil {
		return err
	}
	names := o.Table.Names(o.Artifact)
	where, err := a.where(f.where, o, names)
	if err != nil {
		return err
	}
	if strings.Trim(f.row, "0123456789abcdef") != "" {
		return fmt.Errorf("--row: an id has the digits 0 to 9 and a to f, and %q has others", f.row)
	}
	w := bufio.NewWriter(a.Out)
	defer w.Flush()
	printed := 0
	for c := range o.Table.Chunks() {
		chunk, err := o.Table.Load(cmd.Context(), c, names)
		if err != nil {
			return i.whole(cmd.Context(), err)
		}
		rows := chunk.RowJSON(names...)
		for r := range chunk.Rows {
			if f.limit > 0 && printed == f.limit {
				return w.Flush()
			}
			line := rows.Append(nil, r)
			keep, err := wanted(line, f.row, where)
			if err != nil {
				return fmt.Errorf("--where: %w", err)
			}
			if keep {
				printed++
				if _, err := w.Write(append(line, '\n')); err != nil {
					return err
				}
			}
		}
	}
	if f.row != "" && f.where == "" && printed == 0 {
		return fmt.Errorf("%s has no row whose id begins with %s", address, f.row)
	}
	return w.Flush()
}

// where compiles the condition on rows; one that reads a column that there is not is refused, since it would hold for no
// row or for all.
func (a *app) where(text string, o executor.Output, names []string) (*expr.Program, error) {
	if text == "" {
		return nil, nil
	}
	node, problems := lang.LowerRow(text)
	if problems.HasErrors() {
		a.view.Diagnostics(problems, lang.Files{lang.RowSource: []byte(text)})
		return nil, codeError(exitError)
	}
	known := slices.Clone(names)
	for _, c := range o.Artifact.Columns() {
		known = append(known, c.Name)
	}
	for _, path := range expr.Fields(node) {
		if len(path) > 0 && !slices.Contains(known, path[0]) {
			hint := nearest(known, path[0])
			if hint == "" {
				hint = ". It has " + strings.Join(names, ", ")
			}
			return nil, fmt.Errorf("--where: the rows have no column %s%s", path[0], hint)
		}
	}
	return expr.Compile(node)
}

// table finds the output that an address names; without a port it is the stage's only table.
func (i *inspected) table(address string) (executor.Output, error) {
	stage, port := address, ""
	n, err := i.node(stage)
	if err != nil {
		if at := strings.LastIndexByte(address, '.'); at > 0 {
			if m, err2 := i.node(address[:at]); err2 == nil {
				n, err, port = m, nil, address[at+1:]
			}
		}
	}
	if err != nil {
		return executor.Output{}, err
	}
	r, err := i.result(n)
	if err != nil {
		return executor.Output{}, err
	}
	var names []string
	var only executor.Output
	for name, o := range r.Outputs {
		if o.Table == nil {
			continue
		}
		if name == port {
			return o, nil
		}
		names, only = append(names, n.Addr.String()+"."+name), o
	}
	if port == "" && len(names) == 1 {
		return only, nil
	}
	if len(names) == 0 {
		return executor.Output{}, fmt.Errorf("%s makes no rows: see what it made with prefab show %s", n.Addr, n.Addr)
	}
	slices.Sort(names)
	return executor.Output{}, fmt.Errorf("name one of the tables of %s: %s", n.Addr, strings.Join(names, ", "))
}

func wanted(line []byte, id string, where *expr.Program) (bool, error) {
	if id == "" && where == nil {
		return true, nil
	}
	if id != "" {
		var row struct{ ID string }
		if err := json.Unmarshal(line, &row); err != nil {
			return false, err
		}
		if !strings.HasPrefix(row.ID, id) {
			return false, nil
		}
	}
	if where == nil {
		return true, nil
	}
	v, err := expr.FromJSON(line)
	if err != nil {
		return false, err
	}
	got, err := where.Eval(&expr.Env{Row: v})
	if err != nil {
		return false, err
	}
	if got.Kind() != expr.Bool {
		return false, fmt.Errorf("the expression must be true or false, and is %s", got.Kind())
	}
	return got.Bool(), nil
}
