package compare

import "context"

// startup measures what a command costs that has nothing to do.
func startup(ctx context.Context, b *bench) (*section, error) {
	s := &section{title: "Starting", text: "Each tool prints its version.", head: usage}
	var jobs []job
	for _, p := range programs {
		if t := b.tools[p.name]; t.there() {
			jobs = append(jobs, job{tool: p.name, argv: append([]string{t.path}, p.version...), env: []string{"DVC_NO_ANALYTICS=1"}})
		}
	}
	s.measured("version", turns(ctx, 2*b.Sizes.Runs, jobs), nil)
	return s, nil
}
