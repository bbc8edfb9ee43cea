using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Parcae.Silo.Availability;

/// <summary>
/// A source that has to be asked. Hands each notice over once for as long as it is announced; trouble is logged when it begins, when it changes and when it ends, and never ends the asking.
/// </summary>
internal abstract partial class PolledSource(AvailabilityOptions options, TimeProvider time, ILogger logger) : IAvailabilitySource
{
    // The generated log methods look for a field.
    private readonly ILogger _logger = logger;
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private string? _trouble;

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <summary>The clock.</summary>
    protected TimeProvider Time => time;

    /// <summary>The options.</summary>
    protected AvailabilityOptions Options => options;

    /// <summary>Time between two questions.</summary>
    protected virtual TimeSpan Pause => options.Interval;

    /// <inheritdoc/>
    public async IAsyncEnumerable<AvailabilityNotice> WatchAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            foreach (var notice in await AskCarefullyAsync(cancellation))
            {
                if (_told.Add(notice.Id)) yield return notice;
            }

            await Task.Delay(Pause, time, cancellation);
        }
    }

    /// <summary>Asks once. Returns everything that is announced now, old and new.</summary>
    /// <exception cref="SourceException">The answer is not what is documented.</exception>
    /// <exception cref="HttpRequestException">There is no answer.</exception>
    protected abstract Task<IReadOnlyList<AvailabilityNotice>> AskAsync(CancellationToken cancellation);

    /// <summary>Says what is wrong, once for as long as it stays the same; null: nothing any more.</summary>
    protected void Tell(string? trouble)
    {
        if (trouble == _trouble) return;
        _trouble = trouble;
        if (trouble is null) LogRecovered(Name);
        else LogTrouble(Name, trouble);
    }

    private async Task<IReadOnlyList<AvailabilityNotice>> AskCarefullyAsync(CancellationToken cancellation)
    {
        try
        {
            var notices = await AskAsync(cancellation);
            Tell(null);
            // One that was withdrawn may come again.
            _told.IntersectWith(notices.Select(n => n.Id));
            return notices;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && IsTrouble(e))
        {
            Tell(e is OperationCanceledException ? "no answer in time" : Words(e));
            return [];
        }
    }

    /// <summary>What an exception says: of several, the outermost and the innermost.</summary>
    private static string Words(Exception e) => e.InnerException is null ? e.Message.TrimEnd('.') : $"{e.Message.TrimEnd('.')} ({e.GetBaseException().Message.TrimEnd('.')})";

    /// <summary>Whether an exception says that the other side does not do what it should, rather than that this one is wrong.</summary>
    private static bool IsTrouble(Exception e) =>
        e is SourceException or HttpRequestException or IOException or UnauthorizedAccessException or JsonException or OperationCanceledException;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Availability source {Source}: {Trouble}. It is asked again.")]
    private partial void LogTrouble(string source, string trouble);

    [LoggerMessage(Level = LogLevel.Information, Message = "Availability source {Source} answers again.")]
    private partial void LogRecovered(string source);
}

/// <summary>A source's answer is not what is documented; the message says what it was and what would be right.</summary>
internal sealed class SourceException(string message) : Exception(message);
