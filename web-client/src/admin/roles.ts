import type { RoleView } from '../protocol.gen';
import { texts } from '../texts';

/** Built-in roles have a name in every language; others have the one that somebody gave them. */
export function roleName(role: Pick<RoleView, 'id' | 'name' | 'built_in'>): string {
  const names: Record<string, string> = texts.builtIn;
  return (role.built_in && names[role.id]) || role.name;
}

/** A role's id made of its name: `Second level` is `second-level`. */
export function roleId(name: string): string {
  return name
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 32);
}
