package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"golang.org/x/text/unicode/norm"
)

// searchable makes texts comparable as people compare them in a search: without case, without accents, whether letters are
// composed or not, full-width letters and ligatures like plain ones. What is searched is stored folded, by this function
// alone, so that all databases find the same.
func searchable(text string) string {
	plain := true
	for i := range len(text) {
		plain = plain && text[i] < utf8.RuneSelf
	}
	if plain {
		return strings.ToLower(text)
	}
	var out strings.Builder
	out.Grow(len(text))
	// norm leaves letters beside bytes that are no UTF-8 as they are.
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(text, string(utf8.RuneError))) {
		if accent(r) {
			continue
		}
		r = unicode.ToLower(unicode.ToUpper(r)) // by way of the capital, because some have two small ones: ς and σ
		if letters, several := spelled[r]; several {
			out.WriteString(letters)
		} else {
			out.WriteRune(r)
		}
	}
	return norm.NFC.String(out.String()) // syllables of Hangul, and marks that are letters in their scripts
}

// accent reports a mark that people leave out when they search. Marks of scripts in which another mark is another letter
// (Devanagari, kana) are none.
func accent(r rune) bool {
	return r >= 0x0300 && r <= 0x036f || r >= 0x1ab0 && r <= 0x1aff || r >= 0x1dc0 && r <= 0x1dff || r >= 0x20d0 && r <= 0x20ff
}

// spelled are small letters that Unicode does not decompose, as people write them on a keyboard that lacks them.
var spelled = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ħ': "h", 'ŧ': "t", 'ı': "i",
}

// foldedMigration is the number of the migration that folds what was folded by case alone.
const foldedMigration = 11

// refold is that migration. What it folds is the folded text that is stored, which comes to the same.
func refold(kind database.Dialect) *goose.Migration {
	run := func(ctx context.Context, tx *sql.Tx) error {
		for _, table := range []string{"lead", "call"} {
			if err := refoldTable(ctx, tx, table, kind == database.DialectPostgres); err != nil {
				return fmt.Errorf("fold texts of table %s: %w", table, err)
			}
		}
		return nil
	}
	return goose.NewGoMigration(foldedMigration, &goose.GoFunc{RunTx: run}, nil)
}

// refoldRows is how many rows are held in memory at once.
const refoldRows = 500

func refoldTable(ctx context.Context, tx *sql.Tx, table string, postgres bool) error {
	list, save := "SELECT id, search FROM "+table+" WHERE id > ?1 ORDER BY id LIMIT ?2", "UPDATE "+table+" SET search = ?2 WHERE id = ?1"
	if postgres {
		list, save = dollars(list), dollars(save)
	}
	for last := ""; ; {
		changed, seen := map[string]string{}, 0
		rows, err := tx.QueryContext(ctx, list, last, refoldRows)
		if err != nil {
			return err
		}
		for rows.Next() {
			var search string
			if err := rows.Scan(&last, &search); err != nil {
				return errors.Join(err, rows.Close())
			}
			seen++
			if again := searchable(search); again != search {
				changed[last] = again
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for rowID, search := range changed {
			if _, err := tx.ExecContext(ctx, save, rowID, search); err != nil {
				return err
			}
		}
		if seen < refoldRows {
			return nil
		}
	}
}
