package io.gojinn.proxy.failure;

/** Why a file is not what is answered. */
public enum FileFault {
    /** There is none, or none that may be shown. */
    NONE("no_file", 404),
    /** As many files are open as may be. */
    BUSY("files_busy", 503),
    /** It cannot be read, or has changed while it was. */
    UNREADABLE("file_unreadable", 500);

    private final String label;
    private final int status;

    FileFault(String label, int status) {
        this.label = label;
        this.status = status;
    }

    /** The stable name in headers, logs and metrics. */
    public String label() {
        return label;
    }

    int status() {
        return status;
    }
}
