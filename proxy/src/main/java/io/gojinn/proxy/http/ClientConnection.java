package io.gojinn.proxy.http;

/** A client's connection, of whatever protocol, as a drain sees it. Called on its event loop only. */
interface ClientConnection {
    ConnectionSettings settings();

    /** Takes what is already on its way, then ends. Called once it is to end, perhaps more than once. */
    void drain();

    /** Ends now; exchanges that are open are cut off and counted. */
    void stop();
}
