/** Pattern of a time in nginx's notation: `1s`, `10m`, `1h30m`. */
export const time = '^([0-9]+(ms|s|m|h|d))+$'
