namespace Parcae.Silo.Availability;

/// <summary>Somebody who knows beforehand that this instance will be gone.</summary>
internal interface IAvailabilitySource
{
    /// <summary>Its name: <c>aws</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Notices about this instance, each once, until cancelled. A source that gets no answer says so in the log and asks again; what it throws is a mistake in the source.
    /// </summary>
    IAsyncEnumerable<AvailabilityNotice> WatchAsync(CancellationToken cancellation);
}
