using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Parcae.GpuWorker.Tests;

/// <summary>A log that can be read again.</summary>
internal sealed class LogLines : ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyCollection<string> Lines => _lines;

    public int Count => _lines.Count;

    /// <summary>Waits for one more line than there were.</summary>
    public void Await(int before, string what) => Assert.True(SpinWait.SpinUntil(() => Count > before, Patience.Long), $"Nothing was logged in {what}.");

    /// <summary>Waits for a line with these words.</summary>
    public void Await(string words) => Assert.True(
        SpinWait.SpinUntil(() => _lines.Any(l => l.Contains(words, StringComparison.Ordinal)), Patience.Long), $"'{words}' is not in: {string.Join(" | ", _lines)}");

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => _lines.Enqueue(formatter(state, exception));
}
