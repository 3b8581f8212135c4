import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { Empty } from '../pieces/states'

export function NotFound() {
  const { t } = useTranslation()
  return (
    <div className="page">
      <Empty title={t('notFound.title')} help={t('notFound.help')}>
        <Button component={Link} href="/" variant="default">{t('notFound.back')}</Button>
      </Empty>
    </div>
  )
}
