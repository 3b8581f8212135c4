package telephony

import (
	"context"
	"log/slog"
)

// libraryHandler handles the SIP library's log records. The library logs garbage from the internet as errors and quotes
// whole messages with their phone numbers: every record becomes debug, with its attributes in the "pii" group.
type libraryHandler struct{ next slog.Handler }

func (h libraryHandler) Enabled(ctx context.Context, _ slog.Level) bool {
	return h.next.Enabled(ctx, slog.LevelDebug)
}

func (h libraryHandler) Handle(ctx context.Context, record slog.Record) error {
	var attributes []any
	record.Attrs(func(a slog.Attr) bool {
		attributes = append(attributes, a)
		return true
	})
	lowered := slog.NewRecord(record.Time, slog.LevelDebug, "SIP library", record.PC)
	lowered.AddAttrs(slog.String("said", record.Message), slog.Group("pii", attributes...))
	return h.next.Handle(ctx, lowered)
}

func (h libraryHandler) WithAttrs(attributes []slog.Attr) slog.Handler {
	return libraryHandler{h.next.WithAttrs(attributes)}
}

func (h libraryHandler) WithGroup(name string) slog.Handler {
	return libraryHandler{h.next.WithGroup(name)}
}
