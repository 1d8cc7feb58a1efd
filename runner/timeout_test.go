package runner

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/velero-krm/velero-krm/krm"
)

func TestTimeoutOfAFunctionThatIgnoresItsContext(t *testing.T) {
	release, returned := make(chan struct{}), make(chan struct{})
	f := &timeout{limit: time.Millisecond, abandonAfter: time.Millisecond, f: FunctionFunc(
		func(context.Context, *krm.ResourceList) (*krm.ResourceList, error) {
			defer close(returned)
			<-release
			return nil, errors.New("late")
		})}
	_, err := f.Run(t.Context(), &krm.ResourceList{})
	if !errors.Is(err, ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "still runs") {
		t.Errorf("Run(...): %v, want an ErrTimeout that says the function still runs", err)
	}
	close(release)
	<-returned
}
