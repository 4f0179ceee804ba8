/** A choice from a few, with its label. */

import type { ComponentChildren } from 'preact';

export interface SelectFieldProps<T> {
  readonly label: string;
  readonly options: readonly { readonly title: string; readonly value: T }[];
  readonly value: T;
  readonly onChoose: (value: T) => void;
  /** Takes the whole row. */
  readonly isWide?: boolean;
}

/** The field; values are compared by identity. */
export function SelectField<T>(props: SelectFieldProps<T>): ComponentChildren {
  const { label, options, value, onChoose, isWide = false } = props;
  return (
    <label class={isWide ? 'wide' : ''}>
      {label}
      <select
        value={options.findIndex((option) => option.value === value)}
        onChange={(event) => onChoose(options[Number(event.currentTarget.value)]!.value)}
      >
        {options.map(({ title }, index) => (
          <option key={title} value={index}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}
