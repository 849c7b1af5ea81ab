package io.gojinn.runtime.module;

import org.jspecify.annotations.Nullable;

/**
 * The custom section "name" of a module whose functions moved (core specification, appendix on custom sections). Names
 * of functions and of their locals move along. Label names are dropped, for rewriting adds labels; so is a section that
 * is malformed: names never decide about a module.
 */
final class NameSection {
    private static final String NAME = "name";
    private static final int FUNCTIONS = 1;
    private static final int LOCALS = 2;
    private static final int LABELS = 3;

    private NameSection() {}

    /** Writes the section as it must be now, when it is one of names. */
    static boolean write(ByteWriter out, byte[] binary, Section section, ModuleEdit edit) {
        ByteReader in = new ByteReader(binary);
        in.position(section.payload());
        in.end(section.end());
        try {
            if (!in.name().equals(NAME)) {
                return false;
            }
        } catch (InvalidModuleException e) {
            throw new IllegalStateException("a parsed section has no name", e);
        }
        ByteWriter payload = rewrite(in, binary, section, edit);
        if (payload != null) {
            out.u8(Section.CUSTOM).u32(payload.size()).bytes(payload);
        }
        return true;
    }

    private static @Nullable ByteWriter rewrite(ByteReader in, byte[] binary, Section section, ModuleEdit edit) {
        ByteWriter payload = new ByteWriter(section.end() - section.payload() + 64).name(NAME);
        try {
            while (in.remaining() > 0) {
                int start = in.position();
                int id = in.u8();
                int size = in.count("bytes of names", ModuleBounds.MODULE_BYTES, 1);
                int end = in.position() + size;
                if (id == FUNCTIONS || id == LOCALS) {
                    in.end(end);
                    ByteWriter moved = move(in, binary, edit, id);
                    payload.u8(id).u32(moved.size()).bytes(moved);
                    in.end(section.end());
                } else if (id != LABELS) {
                    payload.bytes(binary, start, end);
                }
                in.position(end);
            }
            return payload;
        } catch (InvalidModuleException e) {
            return null;
        }
    }

    private static ByteWriter move(ByteReader in, byte[] binary, ModuleEdit edit, int id)
            throws InvalidModuleException {
        ByteWriter moved = new ByteWriter(in.remaining() + 64);
        int count = in.count("named functions", ModuleBounds.FUNCTIONS, 2);
        moved.u32(count);
        for (int i = 0; i < count; i++) {
            moved.u32(edit.shifted(in.index("function", ModuleBounds.FUNCTIONS)));
            int start = in.position();
            int inner = id == FUNCTIONS ? 1 : in.count("named locals", ModuleBounds.LOCALS, 2);
            for (int j = 0; j < inner; j++) {
                if (id == LOCALS) {
                    in.u32();
                }
                in.skip(in.count("bytes of a name", ModuleBounds.NAME_BYTES, 1));
            }
            moved.bytes(binary, start, in.position());
        }
        return moved;
    }
}
