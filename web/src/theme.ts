import { createTheme, defaultVariantColorsResolver, type CSSVariablesResolver } from '@mantine/core'

// The accent is the one colour that asks for attention: focus, the primary action, what moves.
export const theme = createTheme({
  fontFamily: 'Inter, system-ui, -apple-system, "Segoe UI", "Noto Sans Hebrew", Arial, sans-serif',
  fontFamilyMonospace: 'var(--mono)',
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  headings: { fontWeight: '600' },
  defaultRadius: 7,
  primaryColor: 'pearl',
  primaryShade: { light: 6, dark: 3 },
  autoContrast: true,
  // What is filled with the accent has ink that is read on it, light and dark.
  variantColorResolver: (input) => ({ ...defaultVariantColorsResolver(input), ...(input.variant === 'filled' && (input.color ?? 'pearl') === 'pearl' ? { background: 'var(--accent)', hover: 'color-mix(in srgb, var(--accent) 88%, var(--ink))', color: 'var(--on-accent)' } : {}), ...(input.variant === 'filled' && input.color === 'red' ? { background: 'var(--danger)', hover: 'color-mix(in srgb, var(--danger) 88%, var(--ink))', color: 'var(--ground)' } : {}) }),
  colors: {
    dark: ['#e7e8ea', '#c4c7cc', '#9ba1ab', '#6c717b', '#3b3f47', '#292c32', '#1a1c20', '#131417', '#0e0f11', '#0a0b0c'],
    pearl: ['#eeeefb', '#dcdcf7', '#bcbdf1', '#a3a8f7', '#7d80dd', '#6366d0', '#4a4fbf', '#3d42a6', '#33378a', '#2a2d70'],
  },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'sm' } },
    TextInput: { defaultProps: { size: 'sm' } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: false, transitionProps: { duration: 80 } } },
    Menu: { defaultProps: { transitionProps: { duration: 80 }, shadow: 'md', withInitialFocusPlaceholder: false } }, // it opens on its first item (WAI-ARIA 1.2, menu)
    Modal: { defaultProps: { transitionProps: { duration: 120 }, centered: true } },
  },
})

export const variables: CSSVariablesResolver = () => {
  const both = {
    '--mantine-color-body': 'var(--ground)',
    '--mantine-color-text': 'var(--ink)',
    '--mantine-color-dimmed': 'var(--soft)',
    '--mantine-color-default': 'var(--raised)',
    '--mantine-color-default-color': 'var(--ink)',
    '--mantine-color-default-hover': 'var(--row-hover)',
    '--mantine-color-default-border': 'var(--line-strong)',
    '--mantine-color-placeholder': 'var(--soft)',
    '--mantine-color-error': 'var(--danger)',
  }
  return { variables: {}, light: both, dark: both }
}
