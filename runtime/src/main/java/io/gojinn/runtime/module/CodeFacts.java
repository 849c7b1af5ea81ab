package io.gojinn.runtime.module;

/**
 * What the code of a module may do that decides how an instance is restored.
 *
 * @param mutatesTables contains {@code table.set}, {@code table.grow}, {@code table.init}, {@code table.copy}, {@code
 *     table.fill} or {@code elem.drop}, so table contents may differ from those after instantiation
 * @param dropsData contains {@code data.drop}, so a passive data segment may be gone
 * @param growsMemory contains {@code memory.grow}
 */
public record CodeFacts(boolean mutatesTables, boolean dropsData, boolean growsMemory) {}
