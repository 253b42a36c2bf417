package cli

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/prefab-build/prefab/executor"
)

func TestAQuestionEndsWithTheContext(t *testing.T) {
	in, _ := io.Pipe() // nobody answers
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(executor.ErrInterrupted)
	if _, err := answer(ctx, in); !errors.Is(err, executor.ErrInterrupted) {
		t.Errorf("answer: %v", err)
	}
}

func TestAnswerIsOneLine(t *testing.T) {
	if line, err := answer(t.Context(), strings.NewReader(" yes \nno\n")); line != "yes" || err != nil {
		t.Errorf("answer: %q, %v", line, err)
	}
	if _, err := answer(t.Context(), strings.NewReader("yes")); !errors.Is(err, io.EOF) {
		t.Errorf("a line that does not end is taken: %v", err)
	}
}
