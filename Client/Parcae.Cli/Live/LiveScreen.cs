using Spectre.Console;
using Spectre.Console.Rendering;

namespace Parcae.Cli.Live;

/// <summary>Draws a picture again a few times a second, on a terminal.</summary>
internal static class LiveScreen
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    /// <summary>Draws until told to stop, and once more then.</summary>
    /// <param name="console">The terminal.</param>
    /// <param name="picture">The picture for a width and a height.</param>
    /// <param name="stop">Ends it.</param>
    public static Task RunAsync(IAnsiConsole console, Func<int, int, IRenderable> picture, CancellationToken stop) =>
        console.Live(new Text("")).AutoClear(false).Overflow(VerticalOverflow.Crop).StartAsync(async live =>
        {
            void Draw()
            {
                live.UpdateTarget(picture(console.Profile.Width, console.Profile.Height));
                live.Refresh();
            }

            using var timer = new PeriodicTimer(Every);
            do
            {
                Draw();
            }
            while (await NextAsync(timer, stop).ConfigureAwait(false));
            Draw();
        });

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
