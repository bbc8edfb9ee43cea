using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Parcae.EndToEnd;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Parcae.Dashboard.Tests;

/// <summary>The dashboard of a demo that runs, as whoever starts one sees it: without a token, on this machine.</summary>
public sealed partial class DemoDashboardTests(Browser browser) : IClassFixture<Browser>
{
    [Fact]
    public async Task The_page_of_a_demo_follows_a_kill_opens_its_timeline_and_pauses_and_resumes()
    {
        await using var demo = new DemoProcess(string.Join(' ', Enumerable.Repeat(4, 200)), "--instances", "4", "--interval", "5");
        await demo.SaysAsync("the dashboard is at");
        await using var page = await browser.OpenAsync(new Uri(Address().Match(demo.Progress).Groups["address"].Value));
        await page.Page.GotoAsync("/");
        await demo.SaysAsync("generation 1:");
        await page.Page.GetByRole(AriaRole.Link, new() { NameRegex = DemoJob() }).First.ClickAsync();
        await page.HasPlacesAsync(p => p.Count == 4);
        await page.SaysAsync(".state .pill", "training");
        string killed = (await page.Places.Locator("b").AllTextContentsAsync())[1];
        string generation = (await page.Page.Locator(".places").GetAttributeAsync("data-generation"))!;

        CommandProcess.Signal("-KILL", Assert.Single(demo.Children($"--instance-id {killed} ")));

        await page.HasPlacesAsync(p => p.Count > 0 && !p.Contains(killed));
        await Expect(page.Page.Locator(".places")).Not.ToHaveAttributeAsync("data-generation", generation);
        await page.Page.Locator(".generation").Filter(new() { HasText = killed }).First.ClickAsync();
        var dialog = page.Page.GetByRole(AriaRole.Dialog);
        await Expect(dialog.GetByRole(AriaRole.Heading, new() { Name = "Why this plan", Exact = true })).ToBeVisibleAsync();
        await page.Page.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToBeHiddenAsync();

        await DoAsync(page, "Pause", "paused");
        await DoAsync(page, "Resume", "training");
        page.AssertClean();

        demo.Signal("-INT");
        Assert.Equal(130, (await demo.EndAsync()).ExitCode);
        Assert.Empty(demo.Children());
    }

    private static async Task DoAsync(WatchedPage page, string action, string state)
    {
        await page.Button(action).ClickAsync();
        await page.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = action, Exact = true }).ClickAsync();
        await page.SaysAsync(".state .pill", state);
    }

    [GeneratedRegex("the dashboard is at (?<address>http://[0-9.:]+)")]
    private static partial Regex Address();

    [GeneratedRegex("^demo-")]
    private static partial Regex DemoJob();
}
