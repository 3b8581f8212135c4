package store

import (
	"strconv"
	"strings"
)

// sqliteDialect: the writer is alone, so rows need no locks.
func sqliteDialect() dialect { return dialect{contains: "instr", yes: "1", no: "0"} }

func postgresDialect() dialect {
	return dialect{forUpdate: "FOR UPDATE", forShare: "FOR SHARE", skipLocked: "FOR UPDATE SKIP LOCKED", shareSkipLocked: "FOR SHARE SKIP LOCKED", contains: "strpos", yes: "TRUE", no: "FALSE"}
}

// words puts the dialect's words in place of those in braces.
func (d dialect) words(text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	return strings.NewReplacer(
		"{for update}", d.forUpdate, "{for share}", d.forShare, "{skip locked}", d.skipLocked, "{share skip locked}", d.shareSkipLocked, "{contains}", d.contains, "{true}", d.yes, "{false}", d.no,
	).Replace(text)
}

// dollars turns ?1 into $1: the only form that PostgreSQL knows.
func dollars(text string) string {
	return eachPlaceholder(text, func(n int) string { return "$" + strconv.Itoa(n) })
}

// guarded turns ?1 into +?1. The plus changes no value, text included. It keeps the planner from looking at the value: where
// it had, SQLite would plan the statement again whenever another is bound, which costs five times what running it does.
func guarded(text string) string {
	return eachPlaceholder(text, func(n int) string { return "+?" + strconv.Itoa(n) })
}

// eachPlaceholder replaces every ?n. No statement of ours has a question mark in a literal.
func eachPlaceholder(text string, replace func(n int) string) string {
	var out strings.Builder
	out.Grow(len(text))
	for i := 0; i < len(text); i++ {
		end := i + 1
		for text[i] == '?' && end < len(text) && text[end] >= '0' && text[end] <= '9' {
			end++
		}
		if end == i+1 {
			out.WriteByte(text[i])
			continue
		}
		n, _ := strconv.Atoi(text[i+1 : end])
		out.WriteString(replace(n))
		i = end - 1
	}
	return out.String()
}

// placeholders is "?from, ?from+1, …" for count values.
func placeholders(from, count int) string {
	var out strings.Builder
	for n := range count {
		if n > 0 {
			out.WriteString(", ")
		}
		out.WriteString("?" + strconv.Itoa(from+n))
	}
	return out.String()
}
