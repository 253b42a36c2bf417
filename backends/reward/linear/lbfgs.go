package linear

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
)

// Fit says how a minimisation went.
type Fit struct {
	// Iterations and Evaluations count accepted steps and computed losses.
	Iterations, Evaluations int
	// Loss is the loss with penalty at the end.
	Loss float64
	// GradientNorm is the Euclidean length of the gradient at the end.
	GradientNorm float64
	// Converged says that the loss is within the tolerance of its minimum, going
	// by GradientNorm, and that this is at most a hundredth of what it was with all
	// weights at 0: where a large penalty leaves little to gain, doing nothing
	// would be within the tolerance, and every pair a tie.
	Converged bool
}

// history is how many steps the approximation of the curvature remembers. On
// HH harmless the path of penalties takes 353 steps with 4, 333 with 10 and 325
// with 20, which remember twice as much.
const history = 10

// lbfgs minimises an objective from w on, in place, by the limited-memory method
// of Broyden, Fletcher, Goldfarb and Shanno (Nocedal and Wright, Numerical
// Optimization, algorithm 7.5) with a backtracking line search. The objective is
// strongly convex and smooth: steps of length 1 are accepted nearly always, so a
// search for the strong Wolfe conditions would only cost evaluations, and any
// point where the gradient is small is the optimum.
//
// gonum's optimizer is not used because it goes over its whole history from the
// first step and keeps it for every fit; on half a million weights and five
// folds that is more memory than the data.
type lbfgs struct {
	o         *objective
	alone     bool // no goroutines: the caller runs several fits side by side
	tolerance float64
	limit     int

	w, grad, next, nextGrad, dir []float64
	steps                        []step // oldest first
}

// step is one remembered move and the change of the gradient over it.
type step struct {
	s, y  []float32 // in half the memory: an approximation does not need more
	rho   float64   // 1 / (s'y)
	alpha float64
}

func (l *lbfgs) run(ctx context.Context) (Fit, error) {
	n := len(l.w)
	l.grad, l.next, l.nextGrad, l.dir = make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	var fit Fit
	if err := l.o.curve(ctx, l.w, l.alone); err != nil {
		return fit, err
	}
	loss, err := l.o.at(ctx, l.w, l.grad, l.alone)
	fit.Evaluations++
	for err == nil {
		fit.Loss, fit.GradientNorm = loss, floats.Norm(l.grad, 2)
		if fit.Evaluations == 1 && floats.Norm(l.w, 2) == 0 {
			l.o.origin = fit.GradientNorm
		}
		fit.Converged = fit.GradientNorm*fit.GradientNorm <= 2*l.o.lambda*l.tolerance && fit.GradientNorm <= l.o.origin/100
		if fit.Converged || fit.Iterations == l.limit {
			return fit, nil
		}
		l.direction()
		var moved bool
		loss, moved, err = l.search(ctx, loss, &fit)
		if err == nil && !moved {
			if len(l.steps) == 0 {
				return fit, nil // no downhill left in floating point
			}
			l.steps = l.steps[:0] // once more along the gradient itself
			continue
		}
		fit.Iterations++
	}
	return fit, err
}

// direction fills dir with minus the approximate inverse Hessian times the
// gradient.
func (l *lbfgs) direction() {
	copy(l.dir, l.grad)
	for i := len(l.steps) - 1; i >= 0; i-- {
		st := &l.steps[i]
		st.alpha = st.rho * dot32(st.s, l.dir)
		add32(l.dir, -st.alpha, st.y)
	}
	gamma := 1.0
	if n := len(l.steps); n > 0 {
		last := &l.steps[n-1]
		gamma = 1 / (last.rho * l.o.scaledSquare(last.y))
	}
	for j, q := range l.o.curvature {
		l.dir[j] *= gamma / (q + l.o.lambda)
	}
	for i := range l.steps {
		st := &l.steps[i]
		add32(l.dir, st.alpha-st.rho*dot32(st.y, l.dir), st.s)
	}
	floats.Scale(-1, l.dir)
}

// search halves the step until the loss falls by a fair part of what the slope
// promises (Armijo), then moves there.
func (l *lbfgs) search(ctx context.Context, loss float64, fit *Fit) (float64, bool, error) {
	slope := floats.Dot(l.grad, l.dir)
	if !(slope < 0) {
		return loss, false, nil
	}
	for t := 1.0; t > 1e-10; t /= 2 {
		floats.AddScaledTo(l.next, l.w, t, l.dir)
		at, err := l.o.at(ctx, l.next, l.nextGrad, l.alone)
		if err != nil {
			return loss, false, err
		}
		fit.Evaluations++
		if math.IsNaN(at) {
			return loss, false, fmt.Errorf("the loss is not a number after %d iterations with penalty %g", fit.Iterations, l.o.lambda)
		}
		if at <= loss+1e-4*t*slope {
			l.remember()
			return at, true, nil
		}
	}
	return loss, false, nil
}

// remember stores the step from w to next and makes it.
func (l *lbfgs) remember() {
	var st step
	if len(l.steps) == history {
		st = l.steps[0]
		copy(l.steps, l.steps[1:])
		l.steps = l.steps[:history-1]
	} else {
		st = step{s: make([]float32, len(l.w)), y: make([]float32, len(l.w))}
	}
	sy := 0.0
	for j := range st.s {
		st.s[j], st.y[j] = float32(l.next[j]-l.w[j]), float32(l.nextGrad[j]-l.grad[j])
		sy += float64(st.s[j]) * float64(st.y[j])
	}
	if sy > 0 {
		st.rho = 1 / sy
		l.steps = append(l.steps, st)
	}
	copy(l.w, l.next) // in place: the caller holds w
	l.grad, l.nextGrad = l.nextGrad, l.grad
}

// dot32 keeps four sums so that an addition need not wait for the one before.
func dot32(x []float32, y []float64) float64 {
	var a, b, c, d float64
	y = y[:len(x)]
	i := 0
	for ; i+3 < len(x); i += 4 {
		a += float64(x[i]) * y[i]
		b += float64(x[i+1]) * y[i+1]
		c += float64(x[i+2]) * y[i+2]
		d += float64(x[i+3]) * y[i+3]
	}
	for ; i < len(x); i++ {
		a += float64(x[i]) * y[i]
	}
	return a + b + (c + d)
}

// add32 adds by times x to y.
func add32(y []float64, by float64, x []float32) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += by * float64(v)
	}
}
