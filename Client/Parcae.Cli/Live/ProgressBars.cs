using Spectre.Console;

namespace Parcae.Cli.Live;

/// <summary>
/// Progress bars that nothing draws any more once their work is done. The thread with which Spectre.Console draws them again (0.57) outlives them where the work ends before it has begun, and then goes on drawing over what comes after.
/// </summary>
internal static class ProgressBars
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    /// <summary>Shows the bars while the work is done.</summary>
    public static T Show<T>(this Progress progress, Func<ProgressContext, T> work) => progress.AutoRefresh(false).Start(bars =>
    {
        using var _ = new Refreshing(bars);
        return work(bars);
    });

    /// <summary>Shows the bars while the work is done.</summary>
    public static Task<T> ShowAsync<T>(this Progress progress, Func<ProgressContext, Task<T>> work) => progress.AutoRefresh(false).StartAsync(async bars =>
    {
        using var _ = new Refreshing(bars);
        return await work(bars).ConfigureAwait(false);
    });

    private sealed class Refreshing(ProgressContext bars) : IDisposable
    {
        private readonly Timer _timer = new(_ => bars.Refresh(), null, Every, Every);

        public void Dispose()
        {
            using var ended = new ManualResetEvent(false);
            if (_timer.Dispose(ended)) ended.WaitOne();
        }
    }
}
