package io.gojinn.runtime.hostile;

import java.util.ArrayList;
import java.util.List;

/** All of them. */
public final class HostileModules {
    private HostileModules() {}

    /** Everything that comes to its end, or is brought to it, within a moment. */
    public static List<Hostile> all() {
        List<Hostile> guests = new ArrayList<>();
        guests.addAll(MalformedGuests.all());
        guests.addAll(BombGuests.all());
        guests.addAll(RestlessGuests.all());
        guests.addAll(WildCallGuests.all());
        guests.addAll(InitGuests.all());
        return guests;
    }

    /** Those whose preparation takes as long as preparation may. */
    public static List<Hostile> slowToPrepare() {
        return InitGuests.endless();
    }
}
