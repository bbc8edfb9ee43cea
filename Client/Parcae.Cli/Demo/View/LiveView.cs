using Spectre.Console;

namespace Parcae.Cli.Demo.View;

/// <summary>A picture that is drawn again a few times a second, on a terminal.</summary>
internal sealed class LiveView(IAnsiConsole console, DemoProgress progress) : IDemoView
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc/>
    public Task RunAsync(CancellationToken stop) => console.Live(new Text("")).AutoClear(false).Overflow(VerticalOverflow.Crop).StartAsync(async live =>
    {
        using var timer = new PeriodicTimer(Every);
        do
        {
            Draw(live);
        }
        while (await NextAsync(timer, stop).ConfigureAwait(false));
        Draw(live);
    });

    private void Draw(LiveDisplayContext live)
    {
        live.UpdateTarget(LivePicture.Of(progress.Snapshot(), console.Profile.Width, console.Profile.Height));
        live.Refresh();
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken stop)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
