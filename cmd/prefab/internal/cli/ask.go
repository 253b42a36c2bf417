package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

var errNoTerminal = errors.New("standard input is no terminal: give --yes")

// confirm asks whether to apply the plan that was shown.
func (a *app) confirm(ctx context.Context) error {
	return a.confirmed(ctx, "Apply this plan? y or yes, all else is no: ", "Nothing was applied.")
}

// confirmed asks a question. A no ends the command, and so does a Ctrl-C.
func (a *app) confirmed(ctx context.Context, question, no string) error {
	if f, ok := a.In.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return errNoTerminal
	}
	a.view.Ask(question)
	line, err := answer(ctx, a.In)
	switch {
	case ctx.Err() != nil:
		a.view.Note("") // from the line with the ^C
		a.view.Text(no + "\n")
		return codeError(exitInterrupted)
	case errors.Is(err, io.EOF): // Ctrl-D
		a.view.Note("")
		line = ""
	case err != nil:
		return err
	}
	switch strings.ToLower(line) {
	case "y", "yes":
		return nil
	}
	a.view.Text(no + "\n")
	return codeError(exitError)
}

// answer reads one line. It waits no longer than ctx; what it then leaves behind is a reader that waits for a line, and
// the command ends.
func answer(ctx context.Context, in io.Reader) (string, error) {
	type read struct {
		line string
		err  error
	}
	got := make(chan read, 1)
	go func() {
		line, err := bufio.NewReader(in).ReadString('\n')
		got <- read{strings.TrimSpace(line), err}
	}()
	select {
	case r := <-got:
		return r.line, r.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}
