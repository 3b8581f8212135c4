import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual'
import { Checkbox } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react'
import { useEffect, useRef, type ReactNode, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'

export type Column<Row> = {
  id: string
  head: string
  width: number // px
  grows?: boolean // takes what is left
  end?: boolean // aligned to the end, as numbers are
  sort?: string // sortProp of the API
  cell: (row: Row) => ReactNode
}

export type Sort = { prop: string; ascending: boolean }

// tallest is what browsers can lay out at least; beyond it the scroll bar moves over more than one pixel of content a pixel.
const tallest = 12_000_000

export const narrow = '(max-width: 820px)'

// Choosing has rows chosen by a box before each.
export type Choosing<Row> = {
  all: boolean // every row is chosen, whether it is loaded or not
  some: boolean
  has: (row: Row) => boolean
  toggle: (row: Row, index: number, range: boolean) => void
  toggleAll: () => void
  label: (row: Row) => string
}

type Props<Row> = {
  label: string
  columns: Column<Row>[]
  total: number
  row: (index: number) => Row | undefined // undefined: on its way
  onRange: (first: number, last: number) => void
  onOpen?: (row: Row, index: number) => void
  active?: number // index of the row that is open beside the table
  sort?: Sort
  onSort?: (sort: Sort) => void
  selection?: Choosing<Row>
  compact: (row: Row) => ReactNode // the row on a phone, two lines
  empty?: ReactNode
}

// Table shows any number of rows of which only those in sight exist.
export function Table<Row>(props: Props<Row>) {
  const { columns, total, row, onRange, onOpen, active, sort, onSort, selection } = props
  const { t } = useTranslation()
  const scroll = useRef<HTMLDivElement>(null)
  const small = useMediaQuery(narrow) ?? false
  const height = small ? 56 : 36
  const scale = useScale(scroll, total * height)

  const rows = useVirtualizer({
    count: total,
    getScrollElement: () => scroll.current,
    estimateSize: () => height,
    overscan: 8,
    observeElementOffset: scale.observe,
    scrollToFn: scale.scrollTo,
  })
  useEffect(() => rows.measure(), [rows, height])

  const items = rows.getVirtualItems()
  const first = items[0]?.index ?? 0
  const last = items.at(-1)?.index ?? 0
  useEffect(() => onRange(first, last), [onRange, first, last])
  useEffect(() => {
    if (active !== undefined && active >= 0) rows.scrollToIndex(active, { align: 'auto' })
  }, [active, rows])

  // What is drawn lies where the scroll bar is, however much content a pixel of it stands for.
  const shift = scale.shift(rows.scrollOffset ?? 0)
  if (total === 0) return <div className="table"><div className="table-scroll">{props.empty}</div></div>
  return (
    <div className="table">
      <div className="table-scroll" ref={scroll} tabIndex={0} role="table" aria-label={props.label} aria-rowcount={total + 1} aria-colcount={columns.length + (selection && !small ? 1 : 0)}>
        <div className="table-head" role="row" aria-rowindex={1}>
          {selection && !small && (
            <div className="cell box" role="columnheader">
              <Checkbox size="xs" checked={selection.all} indeterminate={!selection.all && selection.some} onChange={selection.toggleAll} aria-label={t('table.chooseAll')} />
            </div>
          )}
          {columns.map((column) => (
            <div key={column.id} className="cell" role="columnheader" data-end={column.end} style={widthOf(column)}
              aria-sort={sort && column.sort === sort.prop ? (sort.ascending ? 'ascending' : 'descending') : undefined}>
              {column.sort && onSort ? (
                <button type="button" className="sort" onClick={() => onSort({ prop: column.sort!, ascending: sort !== undefined && sort.prop === column.sort ? !sort.ascending : true })}>
                  {column.head}
                  {sort?.prop === column.sort && (sort.ascending ? <IconArrowUp size={13} aria-hidden="true" /> : <IconArrowDown size={13} aria-hidden="true" />)}
                </button>
              ) : column.head}
            </div>
          ))}
        </div>
          <div role="rowgroup" style={{ height: Math.min(total * height, tallest), position: 'relative' }}>
            {items.map((item) => {
              const data = row(item.index)
              return (
                <div key={item.key} className="table-row" role="row" aria-rowindex={item.index + 2} aria-selected={active === item.index || undefined} data-opens={onOpen !== undefined}
                  style={{ transform: `translateY(${item.start - shift}px)`, height }} onClick={(event) => {
                    if (data && onOpen && !(event.target as HTMLElement).closest('a, button, input, .box')) onOpen(data, item.index)
                  }}>
                  {selection && !small && (
                    <div role="cell" className="cell box">
                      {data && <Checkbox size="xs" checked={selection.has(data)} disabled={selection.all} readOnly aria-label={t('table.choose', { row: selection.label(data) })} onClick={(event) => selection.toggle(data, item.index, event.shiftKey)} />}
                    </div>
                  )}
                  {small ? (
                    <div role="cell" className="grow">{data ? props.compact(data) : <span className="bone" />}</div>
                  ) : columns.map((column, n) => (
                    <div key={column.id} role="cell" className="cell" data-end={column.end} style={widthOf(column)}>
                      {data ? column.cell(data) : <span className="bone">{n === 0 && <span className="hidden">{t('states.loading')}</span>}</span>}
                    </div>
                  ))}
                </div>
              )
            })}
          </div>
      </div>
    </div>
  )
}

function widthOf<Row>(column: Column<Row>) {
  return column.grows ? { flex: `1 0 ${column.width}px` } : { width: column.width }
}

type Rows = Virtualizer<HTMLDivElement, Element>

// useScale maps the scroll bar to content that may be taller than a browser can lay out.
function useScale(scroll: RefObject<HTMLDivElement | null>, content: number) {
  const state = useRef({ content, scroll })
  state.current = { content, scroll }
  const made = useRef({
    ratio() {
      const { content, scroll } = state.current
      const seen = scroll.current?.clientHeight ?? 0
      return content <= tallest ? 1 : (content - seen) / (tallest - seen)
    },
    observe(instance: Rows, told: (offset: number, isScrolling: boolean) => void) {
      const element = instance.scrollElement
      if (!element) return undefined
      let still = 0
      const tell = (moving: boolean) => told(element.scrollTop * made.current.ratio(), moving)
      const onScroll = () => {
        tell(true)
        window.clearTimeout(still)
        still = window.setTimeout(() => tell(false), 120)
      }
      tell(false)
      element.addEventListener('scroll', onScroll, { passive: true })
      return () => {
        window.clearTimeout(still)
        element.removeEventListener('scroll', onScroll)
      }
    },
    scrollTo(offset: number, _options: object, instance: Rows) {
      if (instance.scrollElement) instance.scrollElement.scrollTop = offset / made.current.ratio()
    },
    shift: (offset: number) => offset - offset / made.current.ratio(),
  })
  return made.current
}
