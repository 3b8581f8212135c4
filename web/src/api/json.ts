// Numbers of JSON have any number of digits (RFC 8259, 6); those of JavaScript have 53 bits. What would be rounded is kept as its
// digits, so that it is shown and written back as it came: JSON.parse tells the source of a number, JSON.rawJSON writes one
// (https://tc39.es/proposal-json-parse-with-source). A browser that knows neither rounds, as ever.

type Exact = { rawJSON?: (text: string) => unknown }

const rawJSON = (JSON as unknown as Exact).rawJSON

// LongNumber is a number with more digits than JavaScript has.
export class LongNumber {
  readonly digits: string

  constructor(digits: string) {
    this.digits = digits
  }

  toString(): string {
    return this.digits
  }

  toJSON(): unknown {
    return rawJSON!.call(JSON, this.digits)
  }
}

// long finds what may be a number of sixteen digits or more: with fewer nothing is rounded.
const long = /\d[\d.]{15}/

// parse is JSON.parse that loses no digit.
export function parse(text: string): unknown {
  if (rawJSON === undefined || !long.test(text)) return JSON.parse(text)
  const keep = (_: string, value: unknown, context?: { source?: string }) => {
    const source = context?.source
    return typeof value === 'number' && source !== undefined && long.test(source) && String(value) !== source ? new LongNumber(source) : value
  }
  return JSON.parse(text, keep)
}

// Exactly is an answer whose JSON is read by parse.
export class Exactly extends Response {
  override async json(): Promise<unknown> {
    return parse(await this.text())
  }
}
