using System.Collections.Concurrent;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Parcae.Dashboard.Tests;

/// <summary>A page of the dashboard, and what it must not do.</summary>
public sealed class WatchedPage : IAsyncDisposable
{
    private const string Elsewhere = "request to another host";

    /// <summary>How long it is waited for, ms.</summary>
    public static readonly float Limit = (float)Patience.Long.TotalMilliseconds;

    private readonly ConcurrentQueue<string> _wrong = new();

    internal WatchedPage(IPage page, Uri address)
    {
        Page = page;
        page.Console += (_, m) =>
        {
            if (m.Type is "error" or "warning") _wrong.Enqueue($"console: {m.Text}");
        };
        page.Response += (_, response) =>
        {
            if (response.Status >= 500) _wrong.Enqueue($"{response.Status} from {response.Url}");
        };
        page.PageError += (_, error) => _wrong.Enqueue($"error: {error}");
        page.Request += (_, request) =>
        {
            if (new Uri(request.Url).Authority != address.Authority) _wrong.Enqueue($"{Elsewhere}: {request.Url}");
        };
    }

    /// <summary>The page.</summary>
    public IPage Page { get; }

    /// <summary>A button by what it says.</summary>
    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    /// <summary>The instances that have a place, as the grid shows them.</summary>
    public ILocator Places => Page.Locator(".places .place");

    /// <summary>Pastes a token.</summary>
    public async Task LogInAsync(string token)
    {
        await Page.GotoAsync("/");
        await Page.GetByLabel("Token").FillAsync(token);
        await Button("Log in").ClickAsync();
        await Expect(Page.Locator("#logout")).ToBeVisibleAsync();
    }

    /// <summary>Waits until a part of the page has a text.</summary>
    public Task SaysAsync(string selector, string text) => Expect(Page.Locator(selector)).ToHaveTextAsync(text, new() { Timeout = Limit });

    /// <summary>Waits until the grid has these instances, and no others.</summary>
    public async Task HasPlacesAsync(Func<IReadOnlyList<string>, bool> right)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        IReadOnlyList<string> seen;
        do
        {
            seen = await Places.Locator("b").AllTextContentsAsync();
            if (right(seen)) return;
            await Page.WaitForTimeoutAsync(50);
        }
        while (watch.Elapsed.TotalMilliseconds < Limit);
        Assert.Fail($"After {Patience.Long.TotalMinutes:0} minutes the grid shows {string.Join(", ", seen)}.");
    }

    /// <summary>Keeps a picture where the environment names a folder for it (<c>PARCAE_SCREENSHOTS</c>).</summary>
    public async Task KeepAsync(string name, bool whole = false)
    {
        if (Environment.GetEnvironmentVariable("PARCAE_SCREENSHOTS") is not { Length: > 0 } folder) return;
        // The bar at the top stays where the window is.
        if (whole) await Page.EvaluateAsync("document.activeElement.blur(); scrollTo(0, 0)");
        await Page.ScreenshotAsync(new() { Path = Path.Combine(folder, name), FullPage = whole, Animations = ScreenshotAnimations.Disabled });
    }

    /// <summary>Fails if the page asked another host for something.</summary>
    public void AssertStaysHere() => Assert.DoesNotContain(_wrong, w => w.StartsWith(Elsewhere, StringComparison.Ordinal));

    /// <summary>Fails if the page did what it must not.</summary>
    public void AssertClean() => Assert.True(_wrong.IsEmpty, string.Join(Environment.NewLine, _wrong));

    public async ValueTask DisposeAsync() => await Page.Context.CloseAsync();
}
