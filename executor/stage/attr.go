package stage

// An AttrError is what went wrong with a stage because of one of its attributes. A kind does not know where that stands;
// who has the spec at hand finds the place by Path, as of a spec.Problem.
type AttrError struct {
	Path []string
	Err  error
}

// At says which attribute an error is about.
func At(err error, path ...string) error { return &AttrError{Path: path, Err: err} }

func (e *AttrError) Error() string { return e.Err.Error() }
func (e *AttrError) Unwrap() error { return e.Err }
