using Parcae.Silo.Availability;

namespace Parcae.Silo.Tests.Availability.Fakes;

/// <summary>Options with which a test need not wait.</summary>
internal static class Quick
{
    /// <summary>Asks a server every 10 ms; no environment, no machine.</summary>
    public static AvailabilityOptions Options(FakeServer server) => new()
    {
        MetadataEndpoint = server.Address,
        Interval = TimeSpan.FromMilliseconds(10),
        RequestTimeout = TimeSpan.FromSeconds(10),
        ProbeTimeout = TimeSpan.FromSeconds(10),
        Variable = _ => null,
        MachineFolder = "/nowhere",
        ServiceAccount = "/nowhere",
    };
}
